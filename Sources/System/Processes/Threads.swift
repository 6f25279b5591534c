internal import Glibc

/// Threads that work at the same time.
///
/// Those of `DispatchQueue` would wait for as long as the system has no room for another thread.
public enum Threads {
    /// What one of them does.
    private final class Share: Sendable {
        let index: Int
        let work: @Sendable (Int) -> Void

        init(_ index: Int, _ work: @escaping @Sendable (Int) -> Void) {
            self.index = index
            self.work = work
        }
    }

    /// How many can run at once.
    public static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `work` with 0 on the calling thread and with 1 to `helpers` on others, and returns when all are done.
    ///
    /// Where the system lets there be no more threads, some are not called: all work must be done by whoever there is.
    public static func run(helpers: Int, _ work: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(work) { work in
            let threads = (0..<helpers).compactMap { start(Share($0 + 1, work)) }
            work(0)
            for thread in threads { pthread_join(thread, nil) }
        }
    }

    private static func start(_ share: Share) -> pthread_t? {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(share)
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let share = unsafe Unmanaged<Share>.fromOpaque(context).takeRetainedValue()
                share.work(share.index)
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            unsafe context.release()
            return nil
        }
        return thread
    }
}
