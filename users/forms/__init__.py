"""What is valid on the screens of accounts; the rules themselves stand in models and validators."""
