package answer

import "recursor/dns/domain"

// Flush forgets what may hold data of name. An answer holds data of every alias
// it went through and of the zones that deny, so that is any of them.
func (c *Cache) Flush(domain.Name) { c.FlushAll() }

// FlushTree forgets what may hold data of name or a name below it.
func (c *Cache) FlushTree(domain.Name) { c.FlushAll() }

// Drop forgets what is kept for k, since there is something newer to finish.
func (c *Cache) Drop(k *Key) { c.store.Delete(k.stamped(c.generation.Load())) }

// FlushAll forgets everything at once. What is in the making now is not found
// either, since its key has the stamp of before.
func (c *Cache) FlushAll() {
	c.generation.Add(1)
	c.store.Flush()
}
