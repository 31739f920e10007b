"""The WSGI application: `gunicorn -k gevent wsgi:app`, or any other WSGI server."""

from app import create_app

app = create_app()
