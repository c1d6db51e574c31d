"""Long work on runs: asked for in the back office, done by `manage.py run_jobs`."""
