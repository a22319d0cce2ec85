"""Serves an installed Placement for the differential fuzzer: serve-placement.py PORT

The development server of the Python library names a content type where a client has named none, so it is not used.
"""
import logging
import runpy
import sys

from werkzeug.serving import WSGIRequestHandler, run_simple

port = int(sys.argv[1])
script = sys.argv[2] if len(sys.argv) > 2 else '/usr/bin/placement-api'
sys.argv = [script]
application = runpy.run_path(script, run_name='served')['application']
WSGIRequestHandler.protocol_version = 'HTTP/1.1'
logging.getLogger('werkzeug').setLevel(logging.ERROR)
run_simple('127.0.0.1', port, application, threaded=True)
