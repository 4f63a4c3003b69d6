"""What an account may do and why not. Nothing here writes."""
