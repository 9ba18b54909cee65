package udp

const haveBatches = true

func (w *batchWorker) lane() uint8 { return w.query.Lane }
