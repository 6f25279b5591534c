internal import Synchronization

/// A value that another thread computes meanwhile, for a caller who has other work before it is needed.
///
/// On a host with one processor, or if the system allows no more threads, it is computed when it is needed.
public final class Computation<Value: Sendable> {
    private let compute: @Sendable () -> Value
    private let result = Result()
    private var thread: Threads.Handle?

    /// Where the thread leaves the value.
    private final class Result: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Starts the computation.
    public init(_ compute: @escaping @Sendable () -> Value) {
        self.compute = compute
        guard Threads.processors > 1 else { return }
        let result = result
        thread = Threads.start {
            let value = compute()
            result.value.withLock { $0 = value }
        }
    }

    deinit { thread.map(Threads.join) }

    /// The value; waits for it.
    public func value() -> Value {
        thread.map(Threads.join)
        thread = nil
        return result.value.withLock { value in
            let found = value ?? compute()
            value = found
            return found
        }
    }
}
