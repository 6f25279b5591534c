/// An error of the kernel: the attempt, the answer, the advice.
public struct KernelError: Error, Hashable, Sendable {
    /// The kind of error; it decides the exit status and the default advice.
    public enum Category: Hashable, Sendable {
        /// The process lacks CAP_NET_ADMIN (or CAP_SYS_ADMIN, for a namespace).
        case permission
        /// The kernel has no nf_tables, or not this part of it.
        case unsupported
        /// Another process committed after the snapshot; nothing was changed.
        case generationChanged
        /// The kernel refused a message of the batch; nothing was changed.
        case rejected
        /// The ruleset kept changing while it was read.
        case interrupted
        /// A named object does not exist.
        case missing
        /// Any other error of a system call: the state of the kernel must be read again.
        case io
    }

    /// The kind of error.
    public var category: Category
    /// The attempt and its object: `adding a rule to chain "input" of table inet portreeve`.
    public var attempt: String
    /// The error number of `errno.h`; 0 if no system call failed.
    public var code: Int32
    /// The kernel's text besides the number, or the defect that was found.
    public var answer: String?
    /// What to do about it.
    public var advice: String?

    /// An error of these parts; without `advice` it has the advice of its category.
    public init(
        _ category: Category, _ attempt: String, code: Int32 = 0, answer: String? = nil, advice: String? = nil
    ) {
        self.category = category
        self.attempt = attempt
        self.code = code
        self.answer = answer
        self.advice = advice ?? category.advice
    }
}

extension KernelError {
    /// Whether another process changed the ruleset meanwhile, and nothing was written.
    public var isStale: Bool { category == .generationChanged || category == .interrupted }

    /// Whether the process lacks the privilege.
    public var isDenied: Bool { category == .permission }
}

extension KernelError: CustomStringConvertible {
    /// One sentence: the attempt, the kernel's answer, the advice.
    public var description: String {
        let number = code == 0 ? nil : HostCalls.text(ofError: code)
        let said = [number, answer].compactMap(\.self).joined(separator: ": ")
        return [attempt, said].filter { !$0.isEmpty }.joined(separator: ": ") + (advice.map { "; \($0)" } ?? "")
    }
}

extension KernelError.Category {
    fileprivate var advice: String? {
        switch self {
        case .permission: "run as root, or with CAP_NET_ADMIN"
        case .unsupported: "use a kernel with nf_tables (CONFIG_NF_TABLES)"
        case .generationChanged: "plan again"
        case .interrupted: "stop the process that keeps changing it, and try again"
        case .rejected, .missing, .io: nil
        }
    }
}
