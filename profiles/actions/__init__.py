"""What is granted to accounts: the only code that writes grants and templates."""
