"""Classes: groups of students who take a study as a course, with a join code, a roster and instructors."""
