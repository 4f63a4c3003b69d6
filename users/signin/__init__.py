"""From the sign-in form to the session."""
