"""Routes with which learning platforms open the study."""
