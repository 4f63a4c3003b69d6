from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class CuttingUploadHandler(FileUploadHandler):
    """Passes on a file until it is longer than any that is taken; the form then says so."""

    def receive_data_chunk(self, raw_data, start):
        return raw_data if start <= settings.LOAD_MAX_BYTES else None

    def file_complete(self, file_size):
        return None
