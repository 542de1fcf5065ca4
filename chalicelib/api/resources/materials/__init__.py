"""Operations of the API on the materials of studies: assets."""
