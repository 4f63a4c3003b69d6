"""The only code that writes grants and templates."""
