"""The screens of accounts; those that show their options and roles too stand in profiles."""
