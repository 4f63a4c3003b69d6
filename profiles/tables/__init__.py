"""Tables in files as people have them: CSV and XLSX, read row by row. No file is trusted.

``opening`` finds out what a file is (``foreign`` refuses other kinds, ``csv_text`` with ``letters``
and ``workbook`` read); ``titles`` finds the columns by their titles; ``rows`` has the cells and the
limits. ``toml_text`` reads the other kind of file that people write.
"""
