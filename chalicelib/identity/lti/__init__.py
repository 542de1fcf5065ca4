"""LTI 1.3: learning platforms open the study for their students, and get their grades."""
