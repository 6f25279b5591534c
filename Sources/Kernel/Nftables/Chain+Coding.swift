internal import Addressing
internal import CNftnl
internal import Rulesets

extension Chain {
    /// Decodes the attributes of `NFT_MSG_NEWCHAIN`; `nil` if the name is missing.
    init?(from attributes: Attributes) {
        guard let name = attributes.name(NFTA_CHAIN_NAME) else { return nil }
        self.init(
            name: name, base: BaseChain(from: attributes),
            flags: (attributes.u32(NFTA_CHAIN_FLAGS) ?? 0) & ~NFT_CHAIN_BASE.rawValue,
            userdata: Array(attributes[NFTA_CHAIN_USERDATA] ?? []))
        // Fast path: most chains have only a name.
        if attributes.areAll(of: Self.plain), attributes.has(NFTA_CHAIN_NAME, named: name) { return }
        var writer = AttributeWriter()
        encode(into: &writer)
        guard let encoded = Attributes(writer.written) else { return }
        unrecognized = attributes.without(Self.addedByKernel).withoutRepeatedDevice.unexplained(by: encoded).bytes
    }

    /// Attributes that the kernel adds, and the flags, which are decoded separately.
    private static let addedByKernel: AttributeTypes = [
        NFTA_CHAIN_TABLE, NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_PAD, NFTA_CHAIN_ID,
        NFTA_CHAIN_FLAGS,
    ]

    /// Attributes that every chain has.
    private static let plain: AttributeTypes = [
        NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS, NFTA_CHAIN_PAD,
    ]

    /// Encodes all attributes but the name of the table.
    func encode(into attributes: inout AttributeWriter) {
        attributes.name(NFTA_CHAIN_NAME, name)
        base?.encode(into: &attributes)
        if flags != 0 { attributes.u32(NFTA_CHAIN_FLAGS, flags) }
        if !userdata.isEmpty { attributes.bytes(NFTA_CHAIN_USERDATA, userdata) }
        attributes.append(raw: unrecognized)
    }
}

extension BaseChain {
    /// Decodes the attributes of a base chain; `nil` if the chain has no hook.
    fileprivate init?(from attributes: Attributes) {
        guard let hook = attributes.nest(NFTA_CHAIN_HOOK), let number = hook.u32(NFTA_HOOK_HOOKNUM),
            let priority = hook.u32(NFTA_HOOK_PRIORITY),
            let policy = attributes.u32(NFTA_CHAIN_POLICY).flatMap(Policy.init),
            let type = attributes.string(NFTA_CHAIN_TYPE)
        else { return nil }
        self.init(
            type: type, hook: Hook(rawValue: number), priority: Int32(bitPattern: priority), policy: policy,
            devices: hook.nest(NFTA_HOOK_DEVS)?.deviceNames ?? hook.name(NFTA_HOOK_DEV).map { [$0] } ?? [])
    }

    fileprivate func encode(into attributes: inout AttributeWriter) {
        attributes.nest(NFTA_CHAIN_HOOK) { nest in
            nest.u32(NFTA_HOOK_HOOKNUM, hook.rawValue)
            nest.u32(NFTA_HOOK_PRIORITY, UInt32(bitPattern: priority))
            guard !devices.isEmpty else { return }
            nest.nest(NFTA_HOOK_DEVS) { list in
                for device in devices { list.name(NFTA_DEVICE_NAME, device) }
            }
        }
        attributes.u32(NFTA_CHAIN_POLICY, policy.rawValue)
        attributes.string(NFTA_CHAIN_TYPE, type)
    }
}

extension Attributes {
    /// The device names of a list of devices, without wildcard names and other attributes.
    fileprivate var deviceNames: [String] {
        filter { $0.type == NFTA_DEVICE_NAME.rawValue }
            .map { KernelName.text(of: $0.payload.prefix { $0 != 0 }) }
    }

    /// The attributes without `NFTA_HOOK_DEV`: the kernel reports a single device both alone and in the list.
    fileprivate var withoutRepeatedDevice: Attributes {
        guard let hook = nest(NFTA_CHAIN_HOOK), hook[NFTA_HOOK_DEVS] != nil else { return self }
        var writer = AttributeWriter()
        writer.append(raw: without([NFTA_CHAIN_HOOK]).bytes)
        writer.nest(NFTA_CHAIN_HOOK) { $0.append(raw: hook.without([NFTA_HOOK_DEV]).bytes) }
        return Attributes(writer.written) ?? self
    }
}
