"""The process that plays AWS: started, addressed, and every call recorded."""
