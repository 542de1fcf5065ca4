"""Assets: pictures, sound and video that are uploaded, described, deleted and restored."""
