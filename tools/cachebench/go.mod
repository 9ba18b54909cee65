module recursor/tools/cachebench

go 1.26.0

require (
	github.com/maypok86/otter/v2 v2.4.0
	recursor v0.0.0
)

require golang.org/x/sys v0.49.0 // indirect

replace recursor => ../..
