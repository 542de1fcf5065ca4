"""What all operations of studies share: the study, its session, the calling participant."""
