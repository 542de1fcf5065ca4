"""Operations of the API on the people who manage a run: users and sessions."""
