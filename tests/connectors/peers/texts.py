"""Labels of the test peers: as short as labels can be."""

PDF = b"%PDF-1.4\n% a label\n%%EOF\n"
ZPL = b"^XA^FO50,50^FDlabel^FS^XZ"
