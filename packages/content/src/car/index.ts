export type { CarScope } from './car-of.ts'
export { importCar, type ImportCarOptions } from './import-car.ts'
export { type CarLimits, type CarReading, readCar } from './read-car.ts'
export { writeCar } from './write-car.ts'
