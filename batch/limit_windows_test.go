package batch

func limitFileSize(string) {}
