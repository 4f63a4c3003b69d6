class CannotMeasureError(Exception):
    """Why there are no figures; a target that is missed is no error."""
