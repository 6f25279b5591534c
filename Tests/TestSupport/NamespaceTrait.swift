internal import CLinux
internal import Foundation
internal import Glibc
public import Testing

/// Runs all jobs of a test on one thread in its own network namespace.
///
/// The thread ends with the test, and the namespace with the thread.
private final class NamespaceExecutor: TaskExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isFinished = false
    /// The error number of `unshare`, 0 for success; `nil` until the thread has called it.
    private var outcome: Int32?

    /// Starts the thread.
    ///
    /// - Throws: `NamespaceUnavailable` if the system denies a namespace.
    init() throws {
        Thread { [self] in
            let code = shim_unshare(shim_clone_newnet) == 0 ? 0 : errno
            condition.withLock {
                outcome = code
                condition.broadcast()
            }
            guard code == 0 else { return }
            while let job = next() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        }.start()
        let code = condition.withLock {
            while outcome == nil { condition.wait() }
            return outcome ?? 0
        }
        guard code == 0 else { throw NamespaceUnavailable(code: code) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func finish() {
        condition.withLock {
            isFinished = true
            condition.signal()
        }
    }

    private func next() -> UnownedJob? {
        condition.withLock {
            while jobs.isEmpty && !isFinished { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }
}

/// The system denied a network namespace.
private struct NamespaceUnavailable: Error {
    /// The error number.
    var code: Int32
}

/// Runs each test on a thread in its own network namespace.
public struct NamespaceTrait: TestTrait, SuiteTrait, TestScoping {
    /// Each test of a suite has its own namespace.
    public var isRecursive: Bool { true }

    /// Runs `function` in a new namespace.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let executor = try NamespaceExecutor()
        defer { executor.finish() }
        try await withTaskExecutorPreference(executor) { try await function() }
    }
}

extension Trait where Self == NamespaceTrait {
    /// Runs each test in its own network namespace.
    public static var networkNamespace: Self { Self() }
}

/// The condition for tests that need privileges.
public enum Privileges {
    /// The environment variable that makes these tests fail instead of being skipped.
    public static let requirement = "PORTREEVE_REQUIRE_PRIVILEGES"

    /// Whether these tests must run.
    public static var areRequired: Bool { ProcessInfo.processInfo.environment[requirement] == "1" }

    /// Whether a thread of this process can create a network namespace.
    public static let areAvailable: Bool = (try? NamespaceExecutor().finish()) != nil
}

extension Trait where Self == ConditionTrait {
    /// Skips the test without CAP_SYS_ADMIN, or fails with `PORTREEVE_REQUIRE_PRIVILEGES=1`.
    public static var privileged: Self {
        .enabled(
            if: Privileges.areRequired || Privileges.areAvailable,
            "needs a network namespace: run as root, or under \"unshare -rn\"")
    }
}
