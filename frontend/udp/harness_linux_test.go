package udp

const haveBatches = true
