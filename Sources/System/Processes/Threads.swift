internal import Glibc

/// Threads that run at the same time.
///
/// `DispatchQueue` would wait until the system has room for another thread.
public enum Threads {
    /// The work of one thread.
    private final class Share: Sendable {
        let index: Int
        let work: @Sendable (Int) -> Void

        init(_ index: Int, _ work: @escaping @Sendable (Int) -> Void) {
            self.index = index
            self.work = work
        }
    }

    /// The number of threads that can run at once.
    public static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Calls `work` with 0 on the calling thread and with 1 to `helpers` on others; returns when all calls have
    /// returned.
    ///
    /// If the system allows no more threads, some calls are not made: `work` must be done by the calls that are made.
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
