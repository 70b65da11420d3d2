/**
 * `@approov-guard/cloud`: a local stand-in for the issuing cloud, and simulated apps that use it. For development and tests: it attests
 * nothing, and every token that it makes says so.
 */
export type { AppIdentity } from './account/apps.ts';
export type { Attested, AttestRequest } from './account/attest.ts';
export { loggableToken, verificationKeys } from './account/check-token.ts';
export { DEVICE_PROPERTIES, type DeviceProperty, freshDeviceId, type Rejection } from './account/devices.ts';
export type { DomainSettings } from './account/domains.ts';
export { pinsOfHost, pinsOfPem } from './account/pins.ts';
export { EMULATOR_MARK } from './account/tokens.ts';
export { type AppAnswer, type AppRequestInit, appFetch } from './app/app-fetch.ts';
export { BEHAVIOUR_NAMES, BEHAVIOURS, type Behaviour, type BehaviourRow, type ExpectedDemands } from './app/behaviours.ts';
export type { FleetAnswer, FleetCall, FleetOptions, FleetReport, Mix } from './app/calls.ts';
export { createDevice, type Device, type DeviceMemory, type DeviceOptions } from './app/device.ts';
export { createFleet, type Fleet } from './app/fleet.ts';
export type { FetchStatus } from './app/issuer.ts';
export { type Random, seeded } from './app/random.ts';
export type { HttpAnswer, SentRequest } from './app/transport.ts';
export { Cloud, type CloudEvent, type CloudOptions, createCloud } from './cloud.ts';
export { CloudError, type CloudErrorCode } from './cloud-error.ts';
export type { Faults } from './faults.ts';
export { type RunningCloud, type StartOptions, startCloud } from './start-cloud.ts';
export type { AccountState, AppState, DeviceState, DomainState, KeyState, PolicyState } from './state/state.ts';
export { type CommandOptions, runCommand } from './verbs/command.ts';
export { NOT_IMITATED, VERBS } from './verbs/table.ts';
export type { Verb, VerbAnswer, VerbOption } from './verbs/verb.ts';
