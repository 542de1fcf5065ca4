"""Takes and sends the files that participants upload, as S3 does for a deployed app."""
