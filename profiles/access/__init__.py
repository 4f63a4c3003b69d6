"""What an account may do, and the reasons why not. Nothing in this room writes."""
