/**
 * What the objects of hot paths are made like.
 *
 * V8 knows the fields of a class by hidden classes, which it forgets when a full garbage collection finds no object of the
 * last of them; all code that was optimized for those is thrown away with it. Tasks come and go: a scheduler that has
 * none for a moment would begin with slow code again, each time.
 */
const KEPT: object[] = []

/**
 * Keeps the hidden class of a class for ever. To be called once for each, when its module is loaded. A class whose fields
 * are of classes of ours rather has its sample made and kept by whoever makes its objects: V8 also remembers which class
 * the objects in a field are of, as long as they are all of one.
 *
 * @param sample an object of it, each field with a value of the kind that it has later: fractions where there will be some
 */
export function keepShape(sample: object): void {
  KEPT.push(sample)
}
