"""Limits the size of an upload while it arrives."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class CuttingUploadHandler(FileUploadHandler):
    """Stops passing on a file once it exceeds LOAD_MAX_BYTES; the form then refuses it."""

    def receive_data_chunk(self, raw_data, start):
        return raw_data if start <= settings.LOAD_MAX_BYTES else None

    def file_complete(self, file_size):
        return None
