"""Operations of studies: the page that is due, answers, groups, waits, time limits, conditions."""
