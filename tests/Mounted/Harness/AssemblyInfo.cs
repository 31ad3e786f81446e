// The umask and the page cache belong to the whole process, and a fault test may stall the machine's other mounts.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
