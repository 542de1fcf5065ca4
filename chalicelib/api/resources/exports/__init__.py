"""Operations of the API on export jobs."""
