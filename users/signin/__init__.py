"""Sign-in: passwords, limits on guesses, the second factor and sessions."""
