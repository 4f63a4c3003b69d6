"""The catalogue of profiles, options and roles: read from a file, loaded into the database."""
