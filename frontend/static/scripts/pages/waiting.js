/** The waiting room: enters it, and goes on to the experiment when the room is full. */

const { dallinger } = window;

if (typeof window.getQuorum === "function") window.getQuorum();

dallinger.preventExit = true;
dallinger.createParticipant().done(() => {
  dallinger.allowExit();
  dallinger.goToPage(dallinger.skip_experiment ? "questionnaire" : "exp");
});
