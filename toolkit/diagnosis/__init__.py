"""Diagnosis: staged probe → findings → ranked causes."""
