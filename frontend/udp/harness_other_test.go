//go:build !linux

package udp

const haveBatches = false
