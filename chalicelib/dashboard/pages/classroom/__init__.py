"""Pages of the dashboard for classrooms and lecture halls: live sessions, and classes with their tabs."""
