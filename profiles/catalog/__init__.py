"""The catalogue of profiles, options and roles, as a file and in the database."""
