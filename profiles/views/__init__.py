"""The screens that show accounts together with what they may do."""
