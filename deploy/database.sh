#!/bin/sh
# The database of deploy/compose.yaml, made once, when its volume is empty. The portal owns its
# database and is no superuser; the superuser has no password, so it enters only from inside.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --dbname postgres <<'SQL'
CREATE ROLE portal LOGIN NOSUPERUSER PASSWORD :'password';
CREATE DATABASE portal OWNER portal;
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
