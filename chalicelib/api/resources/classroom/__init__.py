"""Operations of the API for classrooms and lecture halls: live sessions, classes, assignments, gradebooks."""
